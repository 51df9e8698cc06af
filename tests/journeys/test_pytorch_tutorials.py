"""What tutorials of PyTorch do, word for word with chainrule in place of torch."""

import pytest

import chainrule as torch
import chainrule.nn.functional as F
from chainrule import nn, optim


def test_a_derivative():
    x = torch.tensor(2.0, requires_grad=True)
    y = x**2 + 3 * x + 1
    y.backward()
    assert x.grad == 7
    assert float(x.grad) == 7.0


def test_gradients_add_up_until_they_are_cleared():
    w = torch.ones(3, requires_grad=True)
    for _ in range(2):
        (w * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert w.grad.tolist() == [2.0, 4.0, 6.0]
    w.grad.zero_()
    assert w.grad.tolist() == [0.0, 0.0, 0.0]


def test_linear_regression_by_hand():
    x = torch.linspace(0, 1, 50).reshape(-1, 1)
    y = 2 * x - 1
    w = torch.randn(1, requires_grad=True)
    b = torch.zeros(1, requires_grad=True)
    for _ in range(500):
        loss = ((x * w + b - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            w -= 0.5 * w.grad
            b -= 0.5 * b.grad
            w.grad.zero_()
            b.grad.zero_()
    assert w.item() == pytest.approx(2, abs=1e-3)
    assert b.item() == pytest.approx(-1, abs=1e-3)


def test_a_neuron_learns_or():
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = torch.tensor([[0.0], [1.0], [1.0], [1.0]])
    model = nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())
    criterion = nn.BCELoss()
    optimizer = optim.SGD(model.parameters(), lr=1.0)
    losses = []
    for _ in range(300):
        output = model(x)
        loss = criterion(output, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.1 < losses[0]
    assert ((model(x) > 0.5).float() == y).all()


def test_a_hidden_layer_learns_xor():
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
    model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
    optimizer = optim.Adam(model.parameters(), lr=0.05)
    for _ in range(300):
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(model(x), y).backward()
        optimizer.step()
    assert (torch.sigmoid(model(x)) > 0.5).float().tolist() == y.tolist()


class Net(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.conv = nn.Conv2d(1, 8, kernel_size=3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.pool = nn.MaxPool2d(2)
        self.fc1 = nn.Linear(8 * 4 * 4, hidden)
        self.drop = nn.Dropout(0.2)
        self.fc2 = nn.Linear(hidden, 10)

    def forward(self, x):
        x = self.pool(F.relu(self.norm(self.conv(x))))
        x = x.view(x.size(0), -1)
        x = self.drop(F.relu(self.fc1(x)))
        return self.fc2(x)


def train(model, x, y, optimizer, criterion, batch_size=64):
    model.train()
    running_loss = 0.0
    for start in torch.randperm(len(x) // batch_size).tolist():
        inputs = x[start * batch_size : (start + 1) * batch_size]
        labels = y[start * batch_size : (start + 1) * batch_size]
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    return running_loss / (len(x) // batch_size)


def test(model, x, y):
    model.eval()
    with torch.no_grad():
        outputs = model(x)
        _, predicted = torch.max(outputs, 1)
        correct = (predicted == y).sum().item()
    return correct / y.size(0)


# It is called as tutorials call it, and is no test of ours.
test.__test__ = False


def test_a_network_of_ones_own_from_training_to_file(digits, tmp_path):
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    (x_train, y_train), (x_test, y_test) = digits
    x_train, y_train = torch.from_numpy(x_train), torch.tensor(y_train, dtype=torch.long)
    x_test, y_test = torch.from_numpy(x_test).to(device), torch.tensor(y_test).to(device)
    model = Net().to(device)
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.1)
    losses = []
    for _ in range(4):
        losses.append(train(model, x_train, y_train, optimizer, criterion))
        scheduler.step()
    assert losses[-1] < losses[0]
    accuracy = test(model, x_test, y_test)
    assert accuracy > 0.93

    torch.save(model.state_dict(), tmp_path / "model.pt")
    again = Net()
    again.load_state_dict(torch.load(tmp_path / "model.pt"))
    assert test(again, x_test, y_test) == accuracy
    again.eval()
    with torch.no_grad():
        assert torch.equal(again(x_test), model(x_test))


def test_weights_initialised_by_hand():
    def init_weights(m):
        if isinstance(m, nn.Linear):
            nn.init.kaiming_normal_(m.weight, nonlinearity="relu")
            nn.init.zeros_(m.bias)

    model = nn.Sequential(nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10))
    model.apply(init_weights)
    assert model[0].weight.std().item() == pytest.approx((2 / 512) ** 0.5, rel=0.05)
    assert (model[0].bias == 0).all()
    nn.init.xavier_uniform_(model[2].weight)
    limit = (6 / (256 + 10)) ** 0.5
    assert model[2].weight.abs().max().item() == pytest.approx(limit, rel=0.02)


def test_fine_tuning_the_last_layer(digits):
    (x, y), _ = digits
    model = Net()
    for parameter in model.parameters():
        parameter.requires_grad = False
    model.fc2 = nn.Linear(32, 10)
    optimizer = optim.Adam(filter(lambda p: p.requires_grad, model.parameters()), lr=0.01)
    before = model.conv.weight.clone()
    train(model, torch.tensor(x[:128]), torch.tensor(y[:128]), optimizer, nn.CrossEntropyLoss())
    assert torch.equal(model.conv.weight, before)
    assert model.conv.weight.grad is None


def test_clipping_and_accumulating(digits):
    (x, y), _ = digits
    model, criterion = Net(), nn.CrossEntropyLoss()
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)
    optimizer.zero_grad()
    for i in range(4):
        loss = criterion(model(torch.tensor(x[i * 16 : i * 16 + 16])), torch.tensor(y[i * 16 : i * 16 + 16])) / 4
        loss.backward()
    norm = optim.clip_grad_norm_(model.parameters(), max_norm=1e-3)
    assert norm > 1e-3
    total = sum((parameter.grad**2).sum().item() for parameter in model.parameters()) ** 0.5
    assert total == pytest.approx(1e-3, rel=1e-3)
    optimizer.step()


def test_an_embedding_learns_what_follows():
    words = ["the", "cat", "sat", "on", "the", "mat", "and", "the", "dog", "sat", "on", "the", "cat"]
    known = {word: i for i, word in enumerate(sorted(set(words)))}
    ids = torch.tensor([known[word] for word in words])
    model = nn.Sequential(nn.Embedding(len(known), 8), nn.Linear(8, len(known)))
    optimizer = optim.Adam(model.parameters(), lr=0.1)
    for _ in range(50):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(ids[:-1]), ids[1:])
        loss.backward()
        optimizer.step()
    assert model(torch.tensor([known["sat"]])).argmax(dim=1).item() == known["on"]


def test_the_same_model_by_hand_and_by_fit(digits):
    (x, y), (x_test, y_test) = digits
    model = Net()
    train(model, torch.tensor(x), torch.tensor(y), optim.Adam(model.parameters()), nn.CrossEntropyLoss())
    model.compile("adam", nn.CrossEntropyLoss(), metrics=["accuracy"])
    model.fit(x, y, epochs=2, verbose=0)
    _, accuracy = model.evaluate(x_test, y_test, verbose=0)
    assert accuracy == pytest.approx(test(model, torch.tensor(x_test), torch.tensor(y_test)))

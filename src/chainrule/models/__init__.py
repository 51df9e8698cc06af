"""Models that the tutorials teach, each a page long, and a registry of those that the command trains."""

from chainrule.models.cnn import CNN
from chainrule.models.lenet import LeNet5
from chainrule.models.mlp import MLP
from chainrule.models.perceptron import Perceptron, PerceptronHistory
from chainrule.models.registry import get, names
from chainrule.models.resnet import BasicBlock, ResNet, resnet18, resnet34

__all__ = [
    "CNN",
    "MLP",
    "BasicBlock",
    "LeNet5",
    "Perceptron",
    "PerceptronHistory",
    "ResNet",
    "get",
    "names",
    "resnet18",
    "resnet34",
]

"""Models that the tutorials teach, each a page long, and a registry of those that the command trains."""

from chainrule.models.airbench import Airbench
from chainrule.models.cnn import CNN
from chainrule.models.lenet import LeNet5
from chainrule.models.mlp import MLP
from chainrule.models.mobilenet import MobileNetV3, mobilenet_v3_small
from chainrule.models.perceptron import Perceptron, PerceptronHistory
from chainrule.models.registry import get, names
from chainrule.models.resnet import BasicBlock, Bottleneck, ResNet, resnet18, resnet34, resnet50
from chainrule.models.vgg import VGG, vgg11_bn, vgg16_bn

__all__ = [
    "CNN",
    "MLP",
    "VGG",
    "Airbench",
    "BasicBlock",
    "Bottleneck",
    "LeNet5",
    "MobileNetV3",
    "Perceptron",
    "PerceptronHistory",
    "ResNet",
    "get",
    "mobilenet_v3_small",
    "names",
    "resnet18",
    "resnet34",
    "resnet50",
    "vgg11_bn",
    "vgg16_bn",
]

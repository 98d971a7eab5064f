"""RNN, LSTM and GRU in NumPy alone, their gradients derived by hand: a truth to compare with, and to learn from."""

from seqcast.reference.bptt import back, read
from seqcast.reference.optimizer import SGD, Adam
from seqcast.reference.regressor import loss_and_gradients, predict, start_regressor
from seqcast.reference.stack import Stack, start_stack
from seqcast.reference.storage import load, save
from seqcast.reference.train import Training, train

__all__ = [
    "SGD",
    "Adam",
    "Stack",
    "Training",
    "back",
    "load",
    "loss_and_gradients",
    "predict",
    "read",
    "save",
    "start_regressor",
    "start_stack",
    "train",
]

"""Positions, self-attention over time, and pooling over time. Vaswani et al. (2017); Bahdanau et al. (2015).

Every module here has the batch on the first axis and time on the second, and nothing ever mixes two samples.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


def sinusoid(steps: int, width: int) -> Float[Tensor, "T W"]:
    """Return the sinusoidal positional encoding of `steps` positions, indexed by time alone.

    Examples
    --------
    >>> sinusoid(2, 4)[0].tolist()
    [0.0, 1.0, 0.0, 1.0]
    """
    position = torch.arange(steps, dtype=torch.float32)[:, None]
    rate = torch.exp(-math.log(10_000.0) * torch.arange(0, width, 2, dtype=torch.float32) / width)
    table = torch.zeros(steps, width)
    table[:, 0::2] = torch.sin(position * rate)
    table[:, 1::2] = torch.cos(position * rate[: width // 2])
    return table


class AttentionPool(nn.Module):
    """One vector from a sequence: learned weights, softmax over **time**, weighted sum.

    Examples
    --------
    >>> pool = AttentionPool(8)
    >>> pool.weights(torch.zeros(2, 5, 8)).sum(dim=1).tolist()
    [1.0, 1.0]
    """

    def __init__(self, width: int):
        super().__init__()
        self.score = nn.Linear(width, 1)

    def weights(self, steps: Float[Tensor, "B T W"]) -> Float[Tensor, "B T"]:
        """Return how much each step counts; they sum to 1 over time."""
        return self.score(steps).squeeze(-1).softmax(dim=1)

    def forward(self, steps: Float[Tensor, "B T W"]) -> Float[Tensor, "B W"]:
        """Return the weighted mean over time."""
        return torch.einsum("bt,btw->bw", self.weights(steps), steps)


class AveragePool(nn.Module):
    """One vector from a sequence: its mean over **time**.

    Examples
    --------
    >>> AveragePool()(torch.tensor([[[1.0], [3.0]]])).tolist()
    [[2.0]]
    """

    def forward(self, steps: Float[Tensor, "B T W"]) -> Float[Tensor, "B W"]:
        """Return the mean over time."""
        return steps.mean(dim=1)


class Placed(nn.Module):
    """A linear map times √width plus sinusoidal positions, then dropout: what Transformer layers expect to read.

    Parameters
    ----------
    inputs, width : int
        Size of a step before and after.
    steps : int
        The most steps of a sequence.
    dropout : float
        Share of values dropped in training.

    Examples
    --------
    >>> Placed(20, 8, 35)(torch.zeros(2, 35, 20)).shape
    torch.Size([2, 35, 8])
    """

    def __init__(self, inputs: int, width: int, steps: int, dropout: float = 0.0):
        super().__init__()
        self.linear = nn.Linear(inputs, width)
        self.dropout = nn.Dropout(dropout)
        self.positions: Tensor
        self.register_buffer("positions", sinusoid(steps, width), persistent=False)

    def forward(self, steps: Float[Tensor, "B T X"]) -> Float[Tensor, "B T W"]:
        """Return the steps with their places in time marked."""
        mapped = self.linear(steps)
        return self.dropout(mapped * math.sqrt(mapped.shape[-1]) + self.positions[: mapped.shape[1]])


class SelfAttention(nn.Module):
    """Multi-head self-attention over time, with heads as wide as one likes.

    torch's own `MultiheadAttention` divides the width among the heads; here each head has `key_width` of its own, as
    in Keras, so that four heads may read a vector of 64 with 64 numbers each.

    Parameters
    ----------
    width : int
        Size of a step, in and out.
    heads, key_width : int
        Heads, and the size of query, key and value in each.

    Examples
    --------
    >>> attention = SelfAttention(64, heads=4, key_width=64)
    >>> attention(torch.zeros(2, 10, 64)).shape, attention.weights(torch.zeros(2, 10, 64)).shape
    (torch.Size([2, 10, 64]), torch.Size([2, 4, 10, 10]))
    """

    def __init__(self, width: int, *, heads: int, key_width: int):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, heads * key_width)
        self.key = nn.Linear(width, heads * key_width)
        self.value = nn.Linear(width, heads * key_width)
        self.out = nn.Linear(heads * key_width, width)

    def forward(self, steps: Float[Tensor, "B T W"]) -> Float[Tensor, "B T W"]:
        """Return, for every step, what it found at all steps of its own sequence."""
        query, key, value = (self._split(part(steps)) for part in (self.query, self.key, self.value))
        found = F.scaled_dot_product_attention(query, key, value)
        return self.out(found.transpose(1, 2).flatten(2))

    def weights(self, steps: Float[Tensor, "B T W"]) -> Float[Tensor, "B heads T T"]:
        """Return how much each step (rows) looks at each step (columns); rows sum to 1."""
        query, key = self._split(self.query(steps)), self._split(self.key(steps))
        return (query @ key.mT / math.sqrt(key.shape[-1])).softmax(dim=-1)

    def _split(self, steps: Float[Tensor, "B T heads_key"]) -> Float[Tensor, "B heads T key"]:
        return steps.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class AttentionBlock(nn.Module):
    """Self-attention → add → layer norm → dropout: a post-norm Transformer block without its feed-forward half.

    Examples
    --------
    >>> AttentionBlock(64, heads=4, key_width=64)(torch.zeros(2, 10, 64)).shape
    torch.Size([2, 10, 64])
    """

    def __init__(self, width: int, *, heads: int, key_width: int, dropout: float = 0.0):
        super().__init__()
        self.attention = SelfAttention(width, heads=heads, key_width=key_width)
        self.norm = nn.LayerNorm(width, eps=1e-3)  # as in Keras, after whose tutorial the block is
        self.dropout = nn.Dropout(dropout)

    def forward(self, steps: Float[Tensor, "B T W"]) -> Float[Tensor, "B T W"]:
        """Return the steps, each with what it found added."""
        return self.dropout(self.norm(steps + self.attention(steps)))


class QueryAttention(nn.Module):
    """Queries look at the steps of a sequence and at each other, then pass a feed-forward layer; both are gated.

    Pre-norm, as in Xiong et al. (2020). The gates start nearly shut (LayerScale, Touvron et al., 2021), so that
    training starts from what the queries held before.

    Parameters
    ----------
    width, heads : int
        Size of a step and of a query; attention heads.
    steps : int
        The most steps of a sequence.
    dropout : float
        Share of weights and hidden values dropped in training.

    Examples
    --------
    >>> attend = QueryAttention(8, 2, steps=14)
    >>> attend(torch.zeros(5, 3, 8), torch.zeros(5, 14, 8)).shape
    torch.Size([5, 3, 8])
    """

    def __init__(self, width: int, heads: int, steps: int, dropout: float = 0.0):
        super().__init__()
        self.place = nn.Parameter(0.02 * torch.randn(steps, width))
        self.before_query, self.before_key = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, dropout, batch_first=True)
        self.feed = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 2 * width),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(2 * width, width),
        )
        self.found_gate = nn.Parameter(torch.full((width,), _FIRST_GATE))
        self.feed_gate = nn.Parameter(torch.full((width,), _FIRST_GATE))

    def forward(self, queries: Float[Tensor, "B M W"], steps: Float[Tensor, "B T W"]) -> Float[Tensor, "B M W"]:
        """Return the queries, each with what it found added."""
        placed = steps + self.place[-steps.shape[1] :]
        key = self.before_key(torch.cat([placed, queries], dim=1))
        found, _ = self.attention(self.before_query(queries), key, key, need_weights=False)
        queries = queries + self.found_gate * found
        return queries + self.feed_gate * self.feed(queries)


_FIRST_GATE = 1e-2

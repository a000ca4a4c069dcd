"""The peers, one file per family."""

from benchmarks.quality.peers import (
    dither_go_peer,
    dithering_peer,
    epaper_peer,
    nearest,
    pillow_peer,
    pngquant_peer,
    tramage_peer,
)
from benchmarks.quality.peers.peer import Peer

PEERS: tuple[Peer, ...] = (
    *nearest.PEERS,
    *pillow_peer.PEERS,
    *pngquant_peer.PEERS,
    *dithering_peer.PEERS,
    *dither_go_peer.PEERS,
    *epaper_peer.PEERS,
    *tramage_peer.PEERS,
)

__all__ = ["PEERS", "Peer"]

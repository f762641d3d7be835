"""What every test of a defect does: its symptom is there with its switch, and never without it."""

from collections.abc import Callable

from clubhouse_site import MEMBER, Site, Switchable, ahead, texts

from demo.clubhouse.manifest import DEFECTS

Probe = Callable[[Site], bool]
"""Acts as people do and says whether the symptom showed."""

SLOT = {"court": "2", "date": ahead(9), "start": "12", "end": "13", "guest": ""}


def hold_to_its_switch(defect: str, probe: Probe, site: Switchable) -> None:
    """Without the switch there is no symptom, neither in the clean twin nor among all other defects; with it there
    is, alone and among all others."""
    others = frozenset(DEFECTS) - {defect}
    for active, shows in ((frozenset(), False), ({defect}, True), (others, False), (others | {defect}, True)):
        site.begin(",".join(active))
        told = f"{defect} ({DEFECTS[defect].summary}) with {len(active)} defects on"
        assert probe(site) == shows, f"{told}: {'is missing' if shows else 'shows'}"


def free_slot(site: Site) -> dict[str, str]:
    """A slot of Lakeside that nobody holds."""
    html = site.person(MEMBER).get("/availability", params={"date": ahead(9)}).text
    court, start = texts(html, r"court=(\d)&amp;date=[\d-]+&amp;start=(\d+)&amp;")[0]
    return SLOT | {"court": court, "start": start, "end": str(int(start) + 1)}

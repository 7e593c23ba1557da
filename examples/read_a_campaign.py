"""Read a campaign: its outcomes, how a quantity spreads, an envelope, and what to look into.

Run `python examples/read_a_campaign.py FOLDER` on what `downrange campaign` wrote.
"""

from __future__ import annotations

import sys

import downrange as dr


def main(folder: str) -> None:
    """Print what came of a campaign."""
    campaign = dr.open_campaign(folder)
    print(len(campaign.flights), "flights")
    for name, share in campaign.outcomes.items():
        if share.count:
            print(f"{name}: {share.share:.3f}, between {share.low:.3f} and {share.high:.3f}")
    for cause, share in campaign.causes.items():
        print(f"first cause {cause}: {share.count}")

    end = campaign.quantities["end_time_s"]
    print(f"ended at T+{end.p50:.1f} s, 98 % from {end.p01:.1f} to {end.p99:.1f} s")

    envelope = campaign.envelope("stage1", "altitude_m")
    middle = envelope.values[envelope.levels.index(0.5)]
    print(f"middle altitude at T+{envelope.time_s[10]:.0f} s: {middle[10]:.0f} m")

    table = campaign.flights.to_pandas(["flight", "outcome", "cause", "cause_time_s"])
    print(table.groupby("cause")["cause_time_s"].describe().round(1).to_string())

    for each in campaign.telling[:3]:
        print(f"{each.flight}: {each.why}\n  {each.command}")


if __name__ == "__main__":
    main(sys.argv[1])

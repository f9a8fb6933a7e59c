"""Who gets which therapist, and when: by queue or as fixed beforehand.

Imagine the list on the secretary's desk: whoever has waited longest gets the next free place. Under the queue a short
therapy frees a place and so moves *other* people; experiments that follow the same client through two arms therefore
use fixed assignment, where therapist and wait are the client's own.
"""

ASSIGNMENTS = ("queue", "fixed")


def places_by_queue(waiting, therapists, which):
    """Return who gets a place this week, a list of (client, therapist), first come, first served.

    `waiting`: client records; `therapists`: therapist records; `which`: for each client id a uniform in (0, 1) that
    decides among therapists in proportion to their free places. A client's own number breaks ties of referral week.
    """
    free = [therapist.places - therapist.on_the_books for therapist in therapists]
    given = []
    for client in sorted(waiting, key=lambda client: (client.referral_week, client.client_id)):
        left = sum(max(places, 0) for places in free)
        if left == 0:
            break
        chosen = _draw_place(which[client.client_id], free, left)
        free[chosen] -= 1
        given.append((client, therapists[chosen]))
    return given


def places_as_fixed(waiting, therapists, week):
    """Return who gets a place this week when therapist and wait were fixed at the start; capacity does not bind."""
    return [
        (client, therapists[client.fixed_therapist])
        for client in waiting
        if week >= client.referral_week + client.fixed_wait
    ]


def _draw_place(uniform, free, left):
    """Return the index of the therapist who owns the drawn one of all free places."""
    ticket = int(uniform * left)
    for index, places in enumerate(free):
        ticket -= max(places, 0)
        if ticket < 0:
            return index
    return len(free) - 1

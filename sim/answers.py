"""Forms asked outside sessions: one sheet at referral, one in the post when therapy has ended.

The end sheet is one envelope: it comes back whole or not at all, with a chance that depends on how therapy ended.
Each form keeps the luck of its own, so that one form more in the envelope changes nothing on the others.
"""

from sim import draws
from sim.felt import AT_INTAKE, satisfaction
from sim.instruments import latents
from sim.measures import end_form_probability, rating, symptom_score
from sim.state import DISSATISFIED, EXTERNAL, GOOD_ENOUGH, PLANNED_END
from sim.tables import ENDINGS

OBSERVED_ENDINGS = (GOOD_ENOUGH, PLANNED_END, DISSATISFIED, EXTERNAL)
PLACES = (draws.AT_INTAKE, draws.AT_END)


class Answers:
    """What the clients of a finished service put down outside sessions."""

    def __init__(self, service):
        """Lay out the luck of all forms that the service asks."""
        self.p = service.p
        self.scales = {form: service.scales[form] for form in service.setting.forms}
        self.symptoms = [form for form, scale in self.scales.items() if scale.is_symptom_scale]
        self.once = [form for form, scale in self.scales.items() if scale.occasions == ("intake",)]
        self.only_at_end = [form for form, scale in self.scales.items() if scale.occasions == ("end",)]
        self.dyads = {client.record.client_id: client.dyad for client in service.clients}
        ids = range(len(service.referrals))
        self.envelopes = {
            place: draws.deal(service.seed_of_run, draws.FORM, ids, [place] * len(ids)).tolist() for place in PLACES
        }
        forms = [form for form in (*self.symptoms, *self.once, *self.only_at_end) if form != "phq9"]
        cards = [self.scales[form].card for form in forms]
        self.luck = {place: {} for place in PLACES}
        for place in PLACES if forms else ():
            luck = draws.deal_answers(service.seed_of_run, cards, ids, [place] * len(ids))
            self.luck[place] = dict(zip(forms, luck.tolist(), strict=True))

    def at_intake(self, client, form):
        """Return the answer on an intake form; a symptom form is always filled in, another may be missed."""
        scale = self.scales[form]
        if scale.is_symptom_scale:
            return self._symptoms(client, scale, client.distress_intake, draws.AT_INTAKE)
        cards = self.luck[draws.AT_INTAKE][form][client.client_id]
        if cards[draws.ANSWER_MISSED] < self.p.form_intake_missed:
            return None
        return self._rating(getattr(client, AT_INTAKE[scale.reads]), scale, cards)

    def at_end(self, client, form):
        """Return a symptom score of the end sheet; None if there was no ending or the sheet did not come back."""
        if not self.came_back(client):
            return None
        return self._symptoms(client, self.scales[form], client.distress_end, draws.AT_END)

    def at_end_only(self, client):
        """Return the answers on the forms that are asked at the end alone."""
        found = dict.fromkeys(f"{form}_end" for form in self.only_at_end)
        if found and self.came_back(client):
            felt = satisfaction(client, self.dyads[client.client_id], self.p)
            for form in self.only_at_end:
                cards = self.luck[draws.AT_END][form][client.client_id]
                found[f"{form}_end"] = self._rating(felt, self.scales[form], cards)
        return found

    def came_back(self, client):
        """Return whether the end sheet came back."""
        if not client.sessions or client.ending not in OBSERVED_ENDINGS:
            return False
        luck = self.envelopes[draws.AT_END][client.client_id][draws.FORM_RETURNED]
        return luck < end_form_probability(ENDINGS[client.ending], self.p)

    def _symptoms(self, client, scale, distress, place):
        if scale.name == "phq9":
            error = self.envelopes[place][client.client_id][draws.FORM_ERROR]
        else:
            error = self.luck[place][scale.name][client.client_id][draws.ANSWER_ERROR]
        own = getattr(client, f"{scale.name}_own")
        return symptom_score(distress, own, error, scale, self.p.form_symptom_error)

    def _rating(self, felt, scale, cards):
        return rating(felt, cards[draws.ANSWER_ERROR], scale, latents()[scale.reads], self.p.form_rating_error)

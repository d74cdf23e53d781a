package userpool

import "slices"

// adminListUserAuthEvents lists the sign-in attempts of a user, the newest first.
func adminListUserAuthEvents(c *call, u *user) (object, error) {
	if !c.p.switches.AuthEvents {
		return nil, addOnNotEnabled()
	}
	all := make([]object, 0, len(u.events))
	for _, e := range slices.Backward(u.events) {
		all = append(all, object{
			"EventId": e.id, "EventType": e.kind, "EventResponse": e.response, "CreationDate": epoch(e.at),
			"ChallengeResponses": e.challenges, "EventRisk": object{"RiskDecision": "NoRisk", "CompromisedCredentialsDetected": false},
		})
	}
	return c.page("AuthEvents", all, "MaxResults", "NextToken")
}

package userpool

// CustomRound is one question of CUSTOM_AUTH, in place of the Lambda functions of a real pool.
type CustomRound struct {
	Parameters map[string]string `json:"parameters"` // shown to the client
	Answer     string            `json:"answer"`
}

// customTries is how often one question may be answered wrongly before the sign-in ends.
const customTries = 3

// SetCustomChallenges is the script of CUSTOM_AUTH: right answers lead from round to round and then to tokens. MFA is
// the script's own business, as it is the Lambda's. Without a script the flow is refused.
func (p *Pool) SetCustomChallenges(rounds []CustomRound) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.custom = rounds
}

// startCustom is CUSTOM_AUTH, with SRP first if the client sends SRP_A.
func startCustom(c *call, s signIn, parameters object) (object, error) {
	if len(c.p.custom) == 0 {
		return nil, invalidParameter("Custom auth lambda trigger is not configured for the user pool.")
	}
	s.custom = true
	if parameters.text("CHALLENGE_NAME") == "SRP_A" || parameters.text("SRP_A") != "" {
		return startSRP(c, s, parameters)
	}
	u, err := c.identify(s.client, parameters)
	if err != nil {
		return nil, err
	}
	if u == nil {
		return nil, s.unknownUser()
	}
	if err := c.mayTry(u); err != nil {
		return nil, err
	}
	return c.customRound(s, u, 0, 0)
}

func (c *call) customRound(s signIn, u *user, round, tries int) (object, error) {
	if round >= len(c.p.custom) {
		return c.signedIn(s, u)
	}
	parameters := object{"USERNAME": u.name}
	for name, value := range c.p.custom[round].Parameters {
		parameters[name] = value
	}
	next := &session{client: s.client, user: u, signIn: s, challenge: "CUSTOM_CHALLENGE", round: round, tries: tries}
	return c.challenge(next, parameters)
}

// answerCustom is CUSTOM_CHALLENGE. Each answer, right or wrong, spends its session.
func answerCustom(c *call, s *session, responses object) (object, error) {
	answer := responses.text("ANSWER")
	if answer == "" {
		return nil, missing("ANSWER")
	}
	s.fate = fateSpent
	switch {
	case s.round < len(c.p.custom) && same(answer, c.p.custom[s.round].Answer):
		return c.customRound(s.signIn, s.user, s.round+1, 0)
	case s.tries+1 >= customTries:
		return nil, notAuthorized(wrongPassword)
	}
	return c.customRound(s.signIn, s.user, s.round, s.tries+1)
}

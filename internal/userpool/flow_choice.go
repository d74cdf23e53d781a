package userpool

import "slices"

// startChoice is USER_AUTH: the client prefers a way to sign in, or asks which there are.
func startChoice(c *call, s signIn, parameters object) (object, error) {
	u, err := c.identify(s.client, parameters)
	if err != nil {
		return nil, err
	}
	if u == nil {
		return c.simulateChoice(s, parameters)
	}
	if err := c.mayTry(u); err != nil {
		return nil, err
	}
	if wanted := parameters.text("PREFERRED_CHALLENGE"); slices.Contains(u.choices(), wanted) {
		return c.choose(s, u, wanted, parameters)
	}
	return c.offerChoices(s, u)
}

// choices are the first factors of USER_AUTH.
func (u *user) choices() []string {
	all := []string{}
	for _, f := range u.firstFactors() {
		all = append(all, f)
		if f == "PASSWORD" {
			all = append(all, "PASSWORD_SRP")
		}
	}
	return all
}

func (c *call) offerChoices(s signIn, u *user) (object, error) {
	output, err := c.challenge(&session{client: s.client, user: u, signIn: s, challenge: "SELECT_CHALLENGE"}, object{})
	if err != nil {
		return nil, err
	}
	output["AvailableChallenges"] = u.choices()
	return output, nil
}

// simulateChoice answers for a user who does not exist.
func (c *call) simulateChoice(s signIn, parameters object) (object, error) {
	fault := s.unknownUser()
	if fault.name == "UserNotFoundException" || parameters.text("PASSWORD") != "" {
		return nil, fault
	}
	name := parameters.text("USERNAME")
	switch wanted := parameters.text("PREFERRED_CHALLENGE"); {
	case wanted == "PASSWORD_SRP" && parameters.text("SRP_A") != "":
		return c.passwordVerifier(s, nil, name, parameters.text("SRP_A"))
	case wanted == "EMAIL_OTP":
		details, err := c.simulateDelivery(name, purposeSignIn, 1)
		if err != nil {
			return nil, err
		}
		return c.challenge(&session{client: s.client, signIn: s, challenge: wanted}, object{
			"CODE_DELIVERY_DELIVERY_MEDIUM": details["DeliveryMedium"], "CODE_DELIVERY_DESTINATION": details["Destination"],
		})
	}
	output, err := c.challenge(&session{client: s.client, signIn: s, challenge: "SELECT_CHALLENGE"}, object{})
	if err != nil {
		return nil, err
	}
	output["AvailableChallenges"] = []string{"PASSWORD", "PASSWORD_SRP"}
	return output, nil
}

// choose goes on with one first factor. If its value was not sent along, it is asked for.
func (c *call) choose(s signIn, u *user, wanted string, sent object) (object, error) {
	switch {
	case wanted == "PASSWORD" && sent.text("PASSWORD") != "":
		if err := c.checkPassword(u, sent.text("PASSWORD")); err != nil {
			return nil, err
		}
		return c.afterPassword(s, u)
	case wanted == "PASSWORD_SRP" && sent.text("SRP_A") != "":
		return c.passwordVerifier(s, u, u.name, sent.text("SRP_A"))
	case wanted == "EMAIL_OTP":
		return c.askCode(s, u, wanted, factorEmail)
	case wanted == "SMS_OTP":
		return c.askCode(s, u, wanted, factorSMS)
	}
	return c.challenge(&session{client: s.client, user: u, signIn: s, challenge: wanted}, object{"USER_ID_FOR_SRP": u.name})
}

// answerSelectChallenge is SELECT_CHALLENGE.
func answerSelectChallenge(c *call, s *session, responses object) (object, error) {
	answer := responses.text("ANSWER")
	switch {
	case answer == "":
		return nil, missing("ANSWER")
	case !slices.Contains(s.user.choices(), answer):
		return nil, invalidParameter("Selected challenge %s is not available", answer)
	}
	return c.goOn(s, answer, responses)
}

// answerPassword is PASSWORD.
func answerPassword(c *call, s *session, responses object) (object, error) {
	if responses.text("PASSWORD") == "" {
		return nil, missing("PASSWORD")
	}
	return c.goOn(s, "PASSWORD", responses)
}

// answerPasswordSRP is PASSWORD_SRP.
func answerPasswordSRP(c *call, s *session, responses object) (object, error) {
	if responses.text("SRP_A") == "" {
		return nil, missing("SRP_A")
	}
	return c.goOn(s, "PASSWORD_SRP", responses)
}

// goOn spends the session if the choice succeeds.
func (c *call) goOn(s *session, choice string, responses object) (object, error) {
	output, err := c.choose(s.signIn, s.user, choice, responses)
	if err == nil {
		s.fate = fateSpent
	}
	return output, err
}

// answerSelectFactor is SELECT_MFA_TYPE. The guide calls e-mail EMAIL_MFA here, clients send EMAIL_OTP.
func answerSelectFactor(c *call, s *session, responses object) (object, error) {
	answer := factor(responses.text("ANSWER"))
	if answer == "EMAIL_MFA" {
		answer = factorEmail
	}
	switch {
	case answer == "":
		return nil, missing("ANSWER")
	case !contains(s.offered, answer):
		return nil, invalidParameter("Selected MFA type %s is not available", answer)
	}
	output, err := c.askFactor(s.signIn, s.user, answer)
	if err == nil {
		s.fate = fateSpent
	}
	return output, err
}

// answerSentCode is SMS_MFA, SMS_OTP or EMAIL_OTP.
func answerSentCode(member string) responder {
	return func(c *call, s *session, responses object) (object, error) {
		code := responses.text(member)
		if code == "" {
			return nil, missing(member)
		}
		if err := c.mayTryCode(s.user); err != nil {
			return nil, err
		}
		if !same(code, s.code) {
			c.codeFailed(s.user)
			return nil, codeMismatch(wrongSentCode)
		}
		s.fate = fateSpent
		s.user.setAttribute(s.proves+"_verified", "true")
		c.event(s.user, "", "Mfa", "Success")
		return c.signedIn(s.signIn, s.user)
	}
}

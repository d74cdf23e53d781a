package userpool

// associateSoftwareToken makes a key. The registration that the user may already have goes on working until the new
// key is verified.
func associateSoftwareToken(c *call) (object, error) {
	u, s, err := c.tokenOrSession()
	if err != nil {
		return nil, err
	}
	if !u.pool.totp {
		return nil, softwareTokenNotFound(totpOff)
	}
	changes := u.changes
	var key []byte
	err = c.unlocked(func() error {
		key, err = c.p.random(totpKeySize)
		return err
	})
	if err != nil {
		return nil, err
	}
	// Two calls for one user at the same time would leave one of them with a key that is worth nothing.
	if u.changes != changes || s != nil && s.fate != fateLive {
		return nil, concurrentModification()
	}
	u.changes++
	if c.p.switches.AssociateDropsOldToken {
		u.dropTOTP()
	}
	if s == nil {
		u.pending = pendingKey{key: key}
		return object{"SecretCode": totpText(key)}, nil
	}
	// A session that already has a key makes way for the new one; a fresh one has done its work.
	s.fate = fateSpent
	if s.stage == stageAssociated {
		s.fate = fateSuperseded
	}
	next := &session{
		client: s.client, user: u, signIn: s.signIn, challenge: s.challenge, stage: stageAssociated, pending: pendingKey{key: key},
	}
	text, err := c.p.beginSetup(next, c.now)
	if err != nil {
		return nil, err
	}
	return object{"SecretCode": totpText(key), "Session": text}, nil
}

// tokenOrSession finds who calls AssociateSoftwareToken or VerifySoftwareToken: an access token or an MFA_SETUP
// session, never both and never none. The session is nil on the token path.
func (c *call) tokenOrSession() (*user, *session, error) {
	hasToken, hasSession := c.input.has("AccessToken"), c.input.has("Session")
	switch {
	case hasToken && hasSession:
		return nil, nil, invalidParameter("Only one of AccessToken and Session may be given")
	case hasToken:
		g, err := c.access(c.input.text("AccessToken"))
		if err != nil {
			return nil, nil, err
		}
		return g.user, nil, nil
	case hasSession:
		s, fault := c.p.openSession(c.input.text("Session"), nil, "MFA_SETUP", c.now)
		if fault != nil {
			return nil, nil, fault
		}
		if s.stage == stageVerified {
			return nil, nil, notAuthorized(sessionInvalid) // only RespondToAuthChallenge is left for it
		}
		return s.user, s, nil
	}
	return nil, nil, invalidParameter("Either AccessToken or Session must be given")
}

// dropTOTP removes the registration and what depends on it.
func (u *user) dropTOTP() {
	u.registration = registration{}
	u.enable(factorTOTP, false)
	u.changes++
}

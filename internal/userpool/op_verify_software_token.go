package userpool

// verifySoftwareToken checks the first code of a new key. Only here does the new key take the place of the old. A
// wrong code costs nothing: key and session stay. The preference is left alone; that is SetUserMFAPreference's.
func verifySoftwareToken(c *call) (object, error) {
	u, s, err := c.tokenOrSession()
	if err != nil {
		return nil, err
	}
	pending := &u.pending
	if s != nil {
		pending = &s.pending
	}
	switch {
	case !u.pool.totp:
		return nil, softwareTokenNotFound(totpOff)
	case len(pending.key) == 0 && s != nil:
		return nil, notAuthorized(sessionInvalid) // VerifySoftwareToken takes the session of AssociateSoftwareToken
	case len(pending.key) == 0:
		return nil, softwareTokenNotFound(totpMissing)
	}
	step, err := c.verifyCode(u, pending)
	if err != nil {
		return nil, err
	}
	u.lastStep = step
	u.registration = registration{key: pending.key, device: c.input.text("FriendlyDeviceName")}
	u.pending = pendingKey{} // a key asked for on the other path has lost the race
	u.modified = c.now
	u.changes++
	if s == nil {
		u.endSetup()
		return object{"Status": "SUCCESS"}, nil
	}
	s.fate = fateSpent
	next := &session{client: s.client, user: u, signIn: s.signIn, challenge: s.challenge, stage: stageVerified}
	text, err := c.p.beginSetup(next, c.now)
	if err != nil {
		return nil, err
	}
	return object{"Status": "SUCCESS", "Session": text}, nil
}

// verifyCode answers the time step of a right code.
func (c *call) verifyCode(u *user, pending *pendingKey) (int64, error) {
	switches := c.p.switches
	if switches.VerifyLimit > 0 && pending.failures >= switches.VerifyLimit {
		return 0, tooManyRequests("Too many requests")
	}
	code := c.input.text("UserCode")
	step := matchTOTP(pending.key, code, c.now)
	if step == noStep && switches.VerifyAcceptsOldCode && u.registration.exists() {
		step = matchTOTP(u.registration.key, code, c.now)
	}
	switch {
	case step == noStep:
		pending.failures++
		return 0, enableSoftwareTokenMFA()
	case step <= u.lastStep && switches.ReplayIsMismatch:
		return 0, enableSoftwareTokenMFA()
	case step <= u.lastStep:
		return 0, expiredCode(totpReplayed)
	}
	return step, nil
}

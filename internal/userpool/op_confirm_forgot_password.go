package userpool

// confirmForgotPassword replaces the password by the code that ForgotPassword sent. It answers no tokens: the user
// signs in again, and is asked for the second factor.
func confirmForgotPassword(c *call) (object, error) {
	cl, u, err := c.namedUser()
	if err != nil {
		return nil, err
	}
	switch {
	case u == nil && cl.preventExistence:
		return nil, codeMismatch(wrongVerification)
	case u == nil:
		return nil, userNotFound("Username/client id combination not found.")
	case u.disabled:
		return nil, notAuthorized(userDisabled)
	}
	text := c.input.text("Password")
	if fault := u.mayUse(text); fault != nil {
		return nil, fault
	}
	if err := c.redeem(u, purposeReset, c.input.text("ConfirmationCode"), resetsPerHour); err != nil {
		return nil, err
	}
	if fault := u.setPassword(text, false, c.now); fault != nil {
		return nil, fault
	}
	u.status, u.modified, u.lock = statusConfirmed, c.now, lock{}
	return object{}, nil
}

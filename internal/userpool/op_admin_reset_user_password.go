package userpool

// adminResetUserPassword makes the user choose a new password with a code. It leaves MFA alone.
func adminResetUserPassword(c *call, u *user) (object, error) {
	if u.status != statusConfirmed && u.status != statusResetRequired {
		return nil, notAuthorized("User password cannot be reset in the current state.")
	}
	if _, err := c.sendReset(u); err != nil {
		return nil, err
	}
	u.status, u.modified = statusResetRequired, c.now
	return object{}, nil
}

package userpool

// adminConfirmSignUp confirms a user without a code. It verifies no attribute.
func adminConfirmSignUp(c *call, u *user) (object, error) {
	if u.status != statusUnconfirmed {
		return nil, notAuthorized("User cannot be confirmed. Current status is " + u.status)
	}
	u.status, u.modified = statusConfirmed, c.now
	return object{}, nil
}

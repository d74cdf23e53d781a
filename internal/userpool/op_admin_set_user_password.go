package userpool

// adminSetUserPassword sets a password for good, or a temporary one.
func adminSetUserPassword(c *call, u *user) (object, error) {
	permanent := c.input.truth("Permanent")
	if fault := u.setPassword(c.input.text("Password"), !permanent, c.now); fault != nil {
		return nil, fault
	}
	u.status = statusForceChange
	if permanent {
		u.status = statusConfirmed
	}
	u.lock, u.modified = lock{}, c.now
	return object{}, nil
}

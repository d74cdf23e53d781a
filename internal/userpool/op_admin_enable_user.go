package userpool

// adminEnableUser lets a user sign in again.
func adminEnableUser(c *call, u *user) (object, error) {
	u.disabled, u.modified = false, c.now
	return object{}, nil
}

package userpool

// adminDisableUser stops a user from signing in and from using tokens.
func adminDisableUser(c *call, u *user) (object, error) {
	u.disabled, u.modified = true, c.now
	c.p.signOut(u)
	return object{}, nil
}

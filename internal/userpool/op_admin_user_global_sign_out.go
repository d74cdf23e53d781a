package userpool

// adminUserGlobalSignOut ends every sign-in of a user.
func adminUserGlobalSignOut(c *call, u *user) (object, error) {
	c.p.signOut(u)
	return object{}, nil
}

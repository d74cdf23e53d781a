package userpool

// adminSetUserMFAPreference is SetUserMFAPreference by an administrator. In a pool that requires MFA it does not free
// a user from a registered app.
func adminSetUserMFAPreference(c *call, u *user) (object, error) {
	return object{}, c.setPreference(u)
}

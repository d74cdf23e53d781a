package userpool

// adminListDevices lists the confirmed devices of a user.
func adminListDevices(c *call, u *user) (object, error) {
	return c.listDevices(u)
}

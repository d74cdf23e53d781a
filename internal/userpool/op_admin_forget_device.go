package userpool

// adminForgetDevice makes a user's device ask for the second factor again.
func adminForgetDevice(c *call, u *user) (object, error) {
	return u.forgetDevice(c.input.text("DeviceKey"))
}

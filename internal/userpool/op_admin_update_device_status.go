package userpool

// adminUpdateDeviceStatus remembers a user's device, or stops to.
func adminUpdateDeviceStatus(c *call, u *user) (object, error) {
	return u.rememberDevice(c.input)
}

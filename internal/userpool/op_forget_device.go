package userpool

// forgetDevice makes a device of the bearer of an access token ask for the second factor again.
func forgetDevice(c *call) (object, error) {
	u, err := c.deviceOwner()
	if err != nil {
		return nil, err
	}
	return u.forgetDevice(c.input.text("DeviceKey"))
}

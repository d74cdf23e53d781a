package userpool

// updateDeviceStatus remembers a device, or stops to.
func updateDeviceStatus(c *call) (object, error) {
	g, err := c.access(c.input.text("AccessToken"))
	if err != nil {
		return nil, err
	}
	return g.user.rememberDevice(c.input)
}

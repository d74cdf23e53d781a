package userpool

// confirmDevice makes an offered device one of the user's.
func confirmDevice(c *call) (object, error) {
	g, err := c.access(c.input.text("AccessToken"))
	if err != nil {
		return nil, err
	}
	up := g.user.pool
	if !up.devices {
		return nil, noTracking()
	}
	d := g.user.device(c.input.text("DeviceKey"))
	if d == nil {
		return nil, resourceNotFound("Device does not exist.")
	}
	if d.confirmed {
		return nil, invalidParameter("Device is already confirmed.")
	}
	if err := d.confirm(c.input, !up.devicePrompt); err != nil {
		return nil, err
	}
	return object{"UserConfirmationNecessary": up.devicePrompt}, nil
}

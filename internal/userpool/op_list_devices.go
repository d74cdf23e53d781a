package userpool

// listDevices lists the confirmed devices of the bearer of an access token.
func listDevices(c *call) (object, error) {
	g, err := c.access(c.input.text("AccessToken"))
	if err != nil {
		return nil, err
	}
	return c.listDevices(g.user)
}

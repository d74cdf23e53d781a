package userpool

// getDevice shows one device of the bearer of an access token.
func getDevice(c *call) (object, error) {
	u, err := c.deviceOwner()
	if err != nil {
		return nil, err
	}
	return adminGetDevice(c, u)
}

// deviceOwner is the bearer of the access token. It is optional in the model of two operations, where the service
// needs it all the same.
func (c *call) deviceOwner() (*user, error) {
	if !c.input.has("AccessToken") {
		return nil, notAuthorized(badAccessToken)
	}
	g, err := c.access(c.input.text("AccessToken"))
	if err != nil {
		return nil, err
	}
	return g.user, nil
}

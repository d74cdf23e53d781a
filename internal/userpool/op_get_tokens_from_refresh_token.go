package userpool

// getTokensFromRefreshToken makes new tokens, and a new refresh token where the client rotates them.
func getTokensFromRefreshToken(c *call) (object, error) {
	cl, err := c.client(c.input.text("ClientId"))
	if err != nil {
		return nil, err
	}
	if cl.secret != "" && !same(cl.secret, c.input.text("ClientSecret")) || cl.secret == "" && c.input.has("ClientSecret") {
		return nil, notAuthorized("Unable to verify client secret for client " + cl.id)
	}
	g, generation, found := c.p.openRefresh(c.input.text("RefreshToken"))
	if !found || g.client != cl {
		return nil, notAuthorized(badRefreshToken)
	}
	if err := c.refreshable(g, c.input.text("DeviceKey")); err != nil {
		return nil, err
	}
	rotated, err := c.rotate(g, generation)
	if err != nil {
		return nil, err
	}
	result, err := c.tokens(g, rotated)
	return object{"AuthenticationResult": result}, err
}

// rotate moves a grant to its next refresh token. The one before stays good for the client's grace period, so that a
// lost answer can be asked for again; one older than that has been stolen or copied.
func (c *call) rotate(g *grant, generation int) (bool, error) {
	if !g.client.rotation {
		return false, nil
	}
	switch {
	case generation == g.generation:
		g.generation++
		g.rotated = c.now
	case generation == g.generation-1 && c.now.Before(g.rotated.Add(g.client.rotationGrace)):
	default:
		return false, refreshTokenReuse()
	}
	return true, nil
}

package userpool

// deleteUser deletes the bearer of an access token.
func deleteUser(c *call) (object, error) {
	g, err := c.access(c.input.text("AccessToken"))
	if err != nil {
		return nil, err
	}
	c.p.deleteUser(g.user)
	return object{}, nil
}

package userpool

// deleteUserAttributes removes attributes of the bearer of an access token.
func deleteUserAttributes(c *call) (object, error) {
	g, err := c.access(c.input.text("AccessToken"))
	if err != nil {
		return nil, err
	}
	return object{}, c.deleteAttributes(g.user, c.input.texts("UserAttributeNames"))
}

package userpool

// createUserPoolClient makes an app client.
func createUserPoolClient(c *call) (object, error) {
	up, err := c.userPool()
	if err != nil {
		return nil, err
	}
	cl, err := c.p.newClient(up, c.input.text("ClientName"), c.input.truth("GenerateSecret"), c.now)
	if err != nil {
		return nil, err
	}
	if given := c.input.text("ClientSecret"); given != "" {
		cl.secret = given
	}
	if err := cl.take(c.input); err != nil {
		return nil, err
	}
	c.p.clients[cl.id] = cl
	return object{"UserPoolClient": cl.describe()}, nil
}

package userpool

// updateUserPoolClient changes an app client. What is left out goes back to its default, but for name and secret.
func updateUserPoolClient(c *call) (object, error) {
	cl, err := c.poolClient()
	if err != nil {
		return nil, err
	}
	if !c.input.has("ClientName") {
		c.input["ClientName"] = cl.name
	}
	if err := cl.take(c.input); err != nil {
		return nil, err
	}
	cl.modified = c.now
	return object{"UserPoolClient": cl.describe()}, nil
}

package userpool

// describeUserPoolClient shows an app client.
func describeUserPoolClient(c *call) (object, error) {
	cl, err := c.poolClient()
	if err != nil {
		return nil, err
	}
	return object{"UserPoolClient": cl.describe()}, nil
}

package userpool

// deleteUserPoolClient deletes an app client. Its tokens are worth nothing afterwards.
func deleteUserPoolClient(c *call) (object, error) {
	cl, err := c.poolClient()
	switch {
	case err != nil:
		return nil, err
	case cl == c.p.public || cl == c.p.secret:
		return nil, invalidParameter("The embedded app clients cannot be deleted.")
	}
	for _, g := range c.p.grants {
		if g.client == cl {
			g.revoked = true
		}
	}
	delete(c.p.clients, cl.id)
	return object{}, nil
}

package userpool

import "maps"

// deleteUserPool deletes a pool with its users and clients. The first pool stays: the service describes itself by it.
func deleteUserPool(c *call) (object, error) {
	up, err := c.userPool()
	switch {
	case err != nil:
		return nil, err
	case up.settings.text("DeletionProtection") == "ACTIVE":
		return nil, invalidParameter("The user pool cannot be deleted because deletion protection is activated. Deletion protection must be inactivated first.")
	case up == c.p.first:
		return nil, invalidParameter("The embedded user pool cannot be deleted.")
	}
	for _, u := range up.users {
		c.p.deleteUser(u)
	}
	maps.DeleteFunc(c.p.clients, func(_ string, cl *client) bool { return cl.pool == up })
	delete(c.p.pools, up.id)
	return object{}, nil
}

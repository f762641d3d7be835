"""What people and the App do on the local GitHub. Each verb changes the state and sends the webhooks that follow."""

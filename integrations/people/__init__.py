"""How people come in: sign-in and second factor, lockout, invitations."""

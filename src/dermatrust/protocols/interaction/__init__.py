"""What conversations between several parties are made of: who decides, who answers, when it ends."""

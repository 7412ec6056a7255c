"""The page in Dash: layout and small callbacks over the domain modules; no pixel passes through here."""

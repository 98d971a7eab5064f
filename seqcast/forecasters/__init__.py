"""Everything that forecasts, behind one promise."""

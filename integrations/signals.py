"""What happens here and matters to rooms above, which this one does not know."""

from __future__ import annotations

from django.dispatch import Signal

# In the transaction in which a connection's consent is lost: `connection`, and `reason`, a sentence. What a receiver
# raises undoes the change.
grant_died = Signal()

# In the transaction in which an MSP asks to keep less: `msp`, `retention` as it is now, `actor`. What a receiver raises
# undoes the change.
retention_shortened = Signal()

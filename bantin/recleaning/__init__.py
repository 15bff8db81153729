"""Re-clean: present rules over stored captures, looked at before they are written."""

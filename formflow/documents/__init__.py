"""PDFs and pages that people read: blanks, prefilled sheets, copies as read, alerts, receipts."""

"""The pages that join rooms: Today, the patient 360, the patient's home. Owns no rows."""

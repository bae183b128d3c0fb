-- A principal may work from elsewhere one day; its home workspace says so.
grant update (zone) on identity.principal to falaj_app;

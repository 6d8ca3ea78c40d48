BEGIN TRANSACTION;
CREATE TABLE calls (
        id INTEGER PRIMARY KEY, account TEXT NOT NULL, boot_id TEXT NOT NULL, boot_s REAL NOT NULL, wall REAL NOT NULL
    , purpose TEXT NOT NULL DEFAULT 'search') STRICT;
INSERT INTO "calls" VALUES(1,'filelist','96770056-2627-46bc-ad1a-bf4b8e818cec',34345.184715061,1780000000.0,'search');
CREATE TABLE decisions (
        id INTEGER PRIMARY KEY, film INTEGER NOT NULL REFERENCES films (id) ON DELETE CASCADE, at REAL NOT NULL,
        place INTEGER NOT NULL, tracker TEXT NOT NULL, release_id INTEGER NOT NULL, name TEXT NOT NULL,
        size_bytes INTEGER NOT NULL, seeders INTEGER NOT NULL, verdict TEXT NOT NULL, reasons TEXT NOT NULL
    ) STRICT;
INSERT INTO "decisions" VALUES(1,1,1.79539884947715020174e+09,0,'filelist',100,'Film.0.1080p.BluRay.x264-DEMO',1000000000,5,'accepted','["the last that passes"]');
INSERT INTO "decisions" VALUES(2,2,1.7953988494788570404e+09,0,'filelist',101,'Film.1.1080p.BluRay.x264-DEMO',1000000000,5,'accepted','["the last that passes"]');
INSERT INTO "decisions" VALUES(3,3,1.79539884948016572e+09,0,'filelist',102,'Film.2.1080p.BluRay.x264-DEMO',1000000000,5,'accepted','["the last that passes"]');
INSERT INTO "decisions" VALUES(4,4,1.79539884948150253295e+09,0,'filelist',103,'Film.3.1080p.BluRay.x264-DEMO',1000000000,5,'accepted','["the last that passes"]');
INSERT INTO "decisions" VALUES(5,5,1.79539884948639059071e+09,0,'filelist',104,'Film.4.1080p.BluRay.x264-DEMO',1000000000,5,'accepted','["the last that passes"]');
INSERT INTO "decisions" VALUES(6,6,1.79539884948907494549e+09,0,'filelist',105,'Film.5.1080p.BluRay.x264-DEMO',1000000000,5,'accepted','["the last that passes"]');
INSERT INTO "decisions" VALUES(7,7,1.79539884949021720885e+09,0,'filelist',106,'Film.6.1080p.BluRay.x264-DEMO',1000000000,5,'accepted','["the last that passes"]');
INSERT INTO "decisions" VALUES(8,8,1.79539884949306845661e+09,0,'filelist',107,'Film.7.1080p.BluRay.x264-DEMO',1000000000,5,'accepted','["the last that passes"]');
INSERT INTO "decisions" VALUES(9,9,1.79539884949413204194e+09,0,'filelist',108,'Film.8.1080p.BluRay.x264-DEMO',1000000000,5,'accepted','["the last that passes"]');
INSERT INTO "decisions" VALUES(10,10,1.79539884949529457086e+09,0,'filelist',109,'Film.9.1080p.BluRay.x264-DEMO',1000000000,5,'accepted','["the last that passes"]');
INSERT INTO "decisions" VALUES(11,11,1.79539884949780297277e+09,0,'filelist',110,'Film.10.1080p.BluRay.x264-DEMO',1000000000,5,'accepted','["the last that passes"]');
INSERT INTO "decisions" VALUES(12,12,1.79539884950107502935e+09,0,'filelist',111,'Film.11.1080p.BluRay.x264-DEMO',1000000000,5,'accepted','["the last that passes"]');
INSERT INTO "decisions" VALUES(13,13,1.79539884950236082079e+09,0,'filelist',112,'Film.12.1080p.BluRay.x264-DEMO',1000000000,5,'accepted','["the last that passes"]');
INSERT INTO "decisions" VALUES(14,14,1.79539884950557851787e+09,0,'filelist',113,'Film.13.1080p.BluRay.x264-DEMO',1000000000,5,'accepted','["the last that passes"]');
INSERT INTO "decisions" VALUES(15,15,1.79539884950709223744e+09,0,'filelist',114,'Film.14.1080p.BluRay.x264-DEMO',1000000000,5,'accepted','["the last that passes"]');
CREATE TABLE exports (
        file TEXT PRIMARY KEY, base BLOB, next BLOB, version INTEGER NOT NULL DEFAULT -1
    ) STRICT, WITHOUT ROWID;
CREATE TABLE faces (queue TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO "faces" VALUES('completed',7);
INSERT INTO "faces" VALUES('failed',5);
INSERT INTO "faces" VALUES('pending',75);
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE films (
        id INTEGER PRIMARY KEY,
        title TEXT NOT NULL, year INTEGER, number INTEGER, lid TEXT, slug TEXT, url TEXT NOT NULL DEFAULT '',
        imdb_id TEXT, tmdb_id TEXT, kind TEXT NOT NULL DEFAULT 'unknown', directors TEXT NOT NULL DEFAULT '[]',
        alt_titles TEXT NOT NULL DEFAULT '[]', runtime_min INTEGER, details_at REAL,
        queue TEXT NOT NULL, status TEXT NOT NULL, added_at REAL, queued_at REAL NOT NULL, wish_order REAL NOT NULL,
        searches INTEGER NOT NULL DEFAULT 0, searched_at REAL,
        not_before REAL, reason TEXT, put_off_by TEXT, claimed_at REAL, fetch_anew INTEGER NOT NULL DEFAULT 0,
        retry_count INTEGER NOT NULL DEFAULT 0, retry_after REAL, last_error TEXT, reason_code TEXT, failed_at REAL,
        completed_at REAL, release_name TEXT, info_hash TEXT, progress REAL, left_at REAL,
        extra TEXT NOT NULL DEFAULT '{}'
    , upgrade_after REAL, asked_ids_at REAL, cleanup TEXT) STRICT;
INSERT INTO "films" VALUES(1,'Film 0',1980,7000,'F0','film-0','','tt1000000',NULL,'film','[]','[]',NULL,1.7953988494724671841e+09,'pending','due',1780000000.0,1.79539884947083282469e+09,1780000000.0,1,1.79539884947715020174e+09,NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"note": "kept 0"}',NULL,NULL,NULL);
INSERT INTO "films" VALUES(2,'Film 1',1981,7001,'F1','film-1','','tt1000001',NULL,'film','[]','[]',NULL,1795398849.47837,'pending','put_off',1780000000.0,1.79539884947083282469e+09,1779999999.999,1,1.7953988494788570404e+09,1780000600.0,'FileList is not available (503).','filelist',NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"note": "kept 1"}',NULL,NULL,NULL);
INSERT INTO "films" VALUES(3,'Film 2',1982,7002,'F2','film-2','','tt1000002',NULL,'film','[]','[]',NULL,1.79539884947968816754e+09,'pending','handing_over',1780000000.0,1.79539884947083282469e+09,1779999999.998,1,1.79539884948016572e+09,NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"note": "kept 2"}',NULL,NULL,NULL);
INSERT INTO "films" VALUES(4,'Film 3',1983,7003,'F3','film-3','','tt1000003',NULL,'film','[]','[]',NULL,1.79539884948106908801e+09,'failed','not_found',1780000000.0,1.79539884947083282469e+09,1779999999.997,1,1.79539884948150253295e+09,NULL,NULL,NULL,NULL,0,2,2680000000.0,'The tracker does not have it.','not_found',1780000000.0,NULL,NULL,NULL,NULL,NULL,'{"note": "kept 3"}',NULL,NULL,NULL);
INSERT INTO "films" VALUES(5,'Film 4',1984,7004,'F4','film-4','','tt1000004',NULL,'film','[]','[]',NULL,1.79539884948595070838e+09,'failed','retrying',1780000000.0,1.79539884947083282469e+09,1779999999.996,1,1.79539884948639059071e+09,NULL,NULL,NULL,NULL,0,2,2680000000.0,'The tracker does not have it.','retrying',1780000000.0,NULL,NULL,NULL,NULL,NULL,'{"note": "kept 4"}',NULL,NULL,NULL);
INSERT INTO "films" VALUES(6,'Film 5',1985,7005,'F5','film-5','','tt1000005',NULL,'film','[]','[]',NULL,1.79539884948708629609e+09,'failed','permanent',1780000000.0,1.79539884947083282469e+09,1779999999.995,1,1.79539884948907494549e+09,NULL,NULL,NULL,NULL,0,2,NULL,'The tracker does not have it.','permanent',1780000000.0,NULL,NULL,NULL,NULL,NULL,'{"note": "kept 5"}',NULL,NULL,NULL);
INSERT INTO "films" VALUES(7,'Film 6',1986,7006,'F6','film-6','','tt1000006',NULL,'film','[]','[]',NULL,1.7953988494897456169e+09,'failed','series',1780000000.0,1.79539884947083282469e+09,1779999999.994,1,1.79539884949021720885e+09,NULL,NULL,NULL,NULL,0,2,NULL,'The tracker does not have it.','series',1780000000.0,NULL,NULL,NULL,NULL,NULL,'{"note": "kept 6"}',NULL,NULL,NULL);
INSERT INTO "films" VALUES(8,'Film 7',1987,7007,'F7','film-7','','tt1000007',NULL,'film','[]','[]',NULL,1.79539884949088239668e+09,'failed','excluded',1780000000.0,1.79539884947083282469e+09,1779999999.993,1,1.79539884949306845661e+09,NULL,NULL,NULL,NULL,0,2,NULL,'The tracker does not have it.','excluded',1780000000.0,NULL,NULL,NULL,NULL,NULL,'{"note": "kept 7"}',NULL,NULL,NULL);
INSERT INTO "films" VALUES(9,'Film 8',1988,7008,'F8','film-8','','tt1000008',NULL,'film','[]','[]',NULL,1.79539884949373626703e+09,'completed','owned',1780000000.0,1.79539884947083282469e+09,1779999999.992,1,1.79539884949413204194e+09,NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"note": "kept 8"}',NULL,NULL,NULL);
INSERT INTO "films" VALUES(10,'Film 9',1989,7009,'F9','film-9','','tt1000009',NULL,'film','[]','[]',NULL,1.79539884949488449091e+09,'completed','saved',1780000000.0,1.79539884947083282469e+09,1779999999.991,1,1.79539884949529457086e+09,NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"note": "kept 9"}',NULL,NULL,NULL);
INSERT INTO "films" VALUES(11,'Film 10',1990,7010,'Fa','film-10','','tt1000010',NULL,'film','[]','[]',NULL,1.79539884949740815157e+09,'completed','downloading',1780000000.0,1.79539884947083282469e+09,1779999999.99,1,1.79539884949780297277e+09,NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"note": "kept 10"}',NULL,NULL,NULL);
INSERT INTO "films" VALUES(12,'Film 11',1991,7011,'Fb','film-11','','tt1000011',NULL,'film','[]','[]',NULL,1.79539884949903869623e+09,'completed','stalled',1780000000.0,1.79539884947083282469e+09,1779999999.989,1,1.79539884950107502935e+09,NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"note": "kept 11"}',NULL,NULL,NULL);
INSERT INTO "films" VALUES(13,'Film 12',1992,7012,'Fc','film-12','','tt1000012',NULL,'film','[]','[]',NULL,1.7953988495019452572e+09,'completed','downloaded',1780000000.0,1.79539884947083282469e+09,1779999999.988,1,1.79539884950236082079e+09,NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"note": "kept 12"}',1780086400.0,NULL,NULL);
INSERT INTO "films" VALUES(14,'Film 13',1993,7013,'Fd','film-13','','tt1000013',NULL,'film','[]','[]',NULL,1.79539884950514864918e+09,'completed','gone',1780000000.0,1.79539884947083282469e+09,1779999999.987,1,1.79539884950557851787e+09,NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"note": "kept 13"}',NULL,NULL,NULL);
INSERT INTO "films" VALUES(15,'Film 14',1994,7014,'Fe','film-14','','tt1000014',NULL,'film','[]','[]',NULL,1.79539884950668525692e+09,'left','unwished',1780000000.0,1.79539884947083282469e+09,1779999999.986,1,1.79539884950709223744e+09,NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"note": "kept 14"}',NULL,NULL,NULL);
CREATE TABLE history (
        id INTEGER PRIMARY KEY, at REAL NOT NULL, film INTEGER REFERENCES films (id) ON DELETE CASCADE,
        event TEXT NOT NULL, text TEXT NOT NULL
    ) STRICT;
INSERT INTO "history" VALUES(1,1.79539884947083282469e+09,1,'wished','Wished for on letterboxd:someone.');
INSERT INTO "history" VALUES(2,1.79539884947083282469e+09,2,'wished','Wished for on letterboxd:someone.');
INSERT INTO "history" VALUES(3,1.79539884947083282469e+09,3,'wished','Wished for on letterboxd:someone.');
INSERT INTO "history" VALUES(4,1.79539884947083282469e+09,4,'wished','Wished for on letterboxd:someone.');
INSERT INTO "history" VALUES(5,1.79539884947083282469e+09,5,'wished','Wished for on letterboxd:someone.');
INSERT INTO "history" VALUES(6,1.79539884947083282469e+09,6,'wished','Wished for on letterboxd:someone.');
INSERT INTO "history" VALUES(7,1.79539884947083282469e+09,7,'wished','Wished for on letterboxd:someone.');
INSERT INTO "history" VALUES(8,1.79539884947083282469e+09,8,'wished','Wished for on letterboxd:someone.');
INSERT INTO "history" VALUES(9,1.79539884947083282469e+09,9,'wished','Wished for on letterboxd:someone.');
INSERT INTO "history" VALUES(10,1.79539884947083282469e+09,10,'wished','Wished for on letterboxd:someone.');
INSERT INTO "history" VALUES(11,1.79539884947083282469e+09,11,'wished','Wished for on letterboxd:someone.');
INSERT INTO "history" VALUES(12,1.79539884947083282469e+09,12,'wished','Wished for on letterboxd:someone.');
INSERT INTO "history" VALUES(13,1.79539884947083282469e+09,13,'wished','Wished for on letterboxd:someone.');
INSERT INTO "history" VALUES(14,1.79539884947083282469e+09,14,'wished','Wished for on letterboxd:someone.');
INSERT INTO "history" VALUES(15,1.79539884947083282469e+09,15,'wished','Wished for on letterboxd:someone.');
INSERT INTO "history" VALUES(16,1.79539884947715020174e+09,1,'searched','Searched: 1 releases, 1 of them pass.');
INSERT INTO "history" VALUES(17,1.7953988494788570404e+09,2,'searched','Searched: 1 releases, 1 of them pass.');
INSERT INTO "history" VALUES(18,1.79539884948016572e+09,3,'searched','Searched: 1 releases, 1 of them pass.');
INSERT INTO "history" VALUES(19,1.79539884948150253295e+09,4,'searched','Searched: 1 releases, 1 of them pass.');
INSERT INTO "history" VALUES(20,1.79539884948639059071e+09,5,'searched','Searched: 1 releases, 1 of them pass.');
INSERT INTO "history" VALUES(21,1.79539884948907494549e+09,6,'searched','Searched: 1 releases, 1 of them pass.');
INSERT INTO "history" VALUES(22,1.79539884949021720885e+09,7,'searched','Searched: 1 releases, 1 of them pass.');
INSERT INTO "history" VALUES(23,1.79539884949306845661e+09,8,'searched','Searched: 1 releases, 1 of them pass.');
INSERT INTO "history" VALUES(24,1.79539884949413204194e+09,9,'searched','Searched: 1 releases, 1 of them pass.');
INSERT INTO "history" VALUES(25,1.79539884949529457086e+09,10,'searched','Searched: 1 releases, 1 of them pass.');
INSERT INTO "history" VALUES(26,1.79539884949780297277e+09,11,'searched','Searched: 1 releases, 1 of them pass.');
INSERT INTO "history" VALUES(27,1.79539884950107502935e+09,12,'searched','Searched: 1 releases, 1 of them pass.');
INSERT INTO "history" VALUES(28,1.79539884950236082079e+09,13,'searched','Searched: 1 releases, 1 of them pass.');
INSERT INTO "history" VALUES(29,1.79539884950557851787e+09,14,'searched','Searched: 1 releases, 1 of them pass.');
INSERT INTO "history" VALUES(30,1.79539884950709223744e+09,15,'searched','Searched: 1 releases, 1 of them pass.');
INSERT INTO "history" VALUES(31,1.79539884950910305977e+09,NULL,'filelist_needs_user','FileList refused the user name or passkey (403). Set them anew.');
CREATE TABLE library_files (
        id INTEGER PRIMARY KEY, folder INTEGER NOT NULL REFERENCES library_folders (id) ON DELETE CASCADE,
        name BLOB NOT NULL, UNIQUE (folder, name)
    ) STRICT;
CREATE TABLE library_folders (
        id INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE, read_as TEXT NOT NULL, changed_ns INTEGER
    ) STRICT;
CREATE TABLE library_ids (
        file INTEGER NOT NULL REFERENCES library_files (id) ON DELETE CASCADE, name TEXT NOT NULL,
        PRIMARY KEY (file, name)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE library_readings (
        file INTEGER NOT NULL REFERENCES library_files (id) ON DELETE CASCADE, place INTEGER NOT NULL,
        year INTEGER NOT NULL, words TEXT NOT NULL, sure INTEGER NOT NULL, loose TEXT NOT NULL, tail TEXT NOT NULL,
        PRIMARY KEY (file, place)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE lists (
        list TEXT PRIMARY KEY, total INTEGER, surplus INTEGER NOT NULL DEFAULT 0, proven_at REAL, checked_at REAL,
        next_check REAL
    ) STRICT, WITHOUT ROWID;
INSERT INTO "lists" VALUES('letterboxd:someone',15,0,1.79539884950772833825e+09,1.79539884950772833825e+09,1780003600.0);
CREATE TABLE names (
        name TEXT PRIMARY KEY, film INTEGER NOT NULL REFERENCES films (id) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID;
INSERT INTO "names" VALUES('imdb:tt1000000',1);
INSERT INTO "names" VALUES('letterboxd:7000',1);
INSERT INTO "names" VALUES('lid:F0',1);
INSERT INTO "names" VALUES('imdb:tt1000001',2);
INSERT INTO "names" VALUES('letterboxd:7001',2);
INSERT INTO "names" VALUES('lid:F1',2);
INSERT INTO "names" VALUES('imdb:tt1000002',3);
INSERT INTO "names" VALUES('letterboxd:7002',3);
INSERT INTO "names" VALUES('lid:F2',3);
INSERT INTO "names" VALUES('imdb:tt1000003',4);
INSERT INTO "names" VALUES('letterboxd:7003',4);
INSERT INTO "names" VALUES('lid:F3',4);
INSERT INTO "names" VALUES('imdb:tt1000004',5);
INSERT INTO "names" VALUES('letterboxd:7004',5);
INSERT INTO "names" VALUES('lid:F4',5);
INSERT INTO "names" VALUES('imdb:tt1000005',6);
INSERT INTO "names" VALUES('letterboxd:7005',6);
INSERT INTO "names" VALUES('lid:F5',6);
INSERT INTO "names" VALUES('imdb:tt1000006',7);
INSERT INTO "names" VALUES('letterboxd:7006',7);
INSERT INTO "names" VALUES('lid:F6',7);
INSERT INTO "names" VALUES('imdb:tt1000007',8);
INSERT INTO "names" VALUES('letterboxd:7007',8);
INSERT INTO "names" VALUES('lid:F7',8);
INSERT INTO "names" VALUES('imdb:tt1000008',9);
INSERT INTO "names" VALUES('letterboxd:7008',9);
INSERT INTO "names" VALUES('lid:F8',9);
INSERT INTO "names" VALUES('imdb:tt1000009',10);
INSERT INTO "names" VALUES('letterboxd:7009',10);
INSERT INTO "names" VALUES('lid:F9',10);
INSERT INTO "names" VALUES('imdb:tt1000010',11);
INSERT INTO "names" VALUES('letterboxd:7010',11);
INSERT INTO "names" VALUES('lid:Fa',11);
INSERT INTO "names" VALUES('imdb:tt1000011',12);
INSERT INTO "names" VALUES('letterboxd:7011',12);
INSERT INTO "names" VALUES('lid:Fb',12);
INSERT INTO "names" VALUES('imdb:tt1000012',13);
INSERT INTO "names" VALUES('letterboxd:7012',13);
INSERT INTO "names" VALUES('lid:Fc',13);
INSERT INTO "names" VALUES('imdb:tt1000013',14);
INSERT INTO "names" VALUES('letterboxd:7013',14);
INSERT INTO "names" VALUES('lid:Fd',14);
INSERT INTO "names" VALUES('imdb:tt1000014',15);
INSERT INTO "names" VALUES('letterboxd:7014',15);
INSERT INTO "names" VALUES('lid:Fe',15);
CREATE TABLE offers (
        film INTEGER PRIMARY KEY REFERENCES films (id) ON DELETE CASCADE, by TEXT NOT NULL, at REAL NOT NULL,
        releases TEXT NOT NULL
    ) STRICT;
INSERT INTO "offers" VALUES(1,'person',1780000000.0,'[{"tracker":"filelist","release_id":100,"name":"Film.0.1080p.BluRay.x264-DEMO","imdb_id":null,"size_bytes":1000000000,"seeders":5,"leechers":0,"uploaded_at":0.0,"category":"","freeleech":false,"doubleup":false,"internal":false}]');
CREATE TABLE providers (
        provider TEXT PRIMARY KEY, state TEXT NOT NULL, since REAL NOT NULL, failures INTEGER NOT NULL DEFAULT 0,
        asked_at REAL NOT NULL, wait_s REAL NOT NULL DEFAULT 0, code TEXT, message TEXT, hint TEXT, fingerprint TEXT
    ) STRICT, WITHOUT ROWID;
INSERT INTO "providers" VALUES('filelist','needs_user',1.79539884950910305977e+09,1,1.79539884950910305977e+09,3600.0,'auth_failed','FileList refused the user name or passkey (403).','Set them anew.','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa');
CREATE TABLE questions (
        film INTEGER NOT NULL REFERENCES films (id) ON DELETE CASCADE, path TEXT NOT NULL, because TEXT NOT NULL,
        asked_at REAL NOT NULL, answer TEXT, PRIMARY KEY (film, path)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "questions" VALUES(2,'/films/Film (1981).mkv','the year is off by one',1780000000.0,NULL);
INSERT INTO "questions" VALUES(9,'/films/Film.mkv','no year',1780000000.0,'accept');
CREATE TABLE requests (request TEXT PRIMARY KEY, at REAL NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE sweeps (
        tracker TEXT PRIMARY KEY, newest_id INTEGER, swept_at REAL, gap_at REAL, gaps INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID;
CREATE TABLE transfers (
        id INTEGER PRIMARY KEY, film INTEGER NOT NULL REFERENCES films (id) ON DELETE CASCADE,
        info_hash TEXT NOT NULL, role TEXT NOT NULL, client TEXT NOT NULL, torrent_name TEXT NOT NULL DEFAULT '',
        tracker TEXT NOT NULL DEFAULT '', release_id INTEGER, release_name TEXT NOT NULL DEFAULT '',
        size_bytes INTEGER NOT NULL DEFAULT 0, added_by_us INTEGER, adds INTEGER NOT NULL DEFAULT 0,
        missing_polls INTEGER NOT NULL DEFAULT 0, created_at REAL NOT NULL, changed_at REAL NOT NULL,
        progress REAL NOT NULL DEFAULT 0, progressed_at REAL, done_at REAL, reason TEXT, stood_s REAL NOT NULL DEFAULT 0,
        UNIQUE (film, info_hash)
    ) STRICT;
INSERT INTO "transfers" VALUES(1,3,'0000000000000000000000000000000000000002','intended','qbittorrent','Film.2.1080p.BluRay.x264-DEMO','filelist',102,'Film.2.1080p.BluRay.x264-DEMO',1000000000,NULL,0,0,1780000000.0,1780000000.0,0.0,NULL,NULL,NULL,0.0);
INSERT INTO "transfers" VALUES(2,11,'000000000000000000000000000000000000000a','current','qbittorrent','Film.10.1080p.BluRay.x264-DEMO','filelist',110,'Film.10.1080p.BluRay.x264-DEMO',1000000000,1,1,0,1780000000.0,1780000000.0,0.4,NULL,NULL,NULL,0.0);
INSERT INTO "transfers" VALUES(3,12,'000000000000000000000000000000000000000b','current','qbittorrent','Film.11.1080p.BluRay.x264-DEMO','filelist',111,'Film.11.1080p.BluRay.x264-DEMO',1000000000,1,1,0,1780000000.0,1780000000.0,0.4,NULL,NULL,NULL,0.0);
INSERT INTO "transfers" VALUES(4,13,'000000000000000000000000000000000000000c','current','qbittorrent','Film.12.1080p.BluRay.x264-DEMO','filelist',112,'Film.12.1080p.BluRay.x264-DEMO',1000000000,1,1,0,1780000000.0,1780000000.0,0.4,NULL,1780000000.0,NULL,0.0);
INSERT INTO "transfers" VALUES(5,13,'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb','upgrade','qbittorrent','Better','filelist',900,'Film.12.1080p.BluRay.x264-DEMO',2000000000,NULL,0,0,1780000000.0,1780000000.0,0.0,NULL,NULL,NULL,0.0);
INSERT INTO "transfers" VALUES(6,14,'000000000000000000000000000000000000000d','current','qbittorrent','Film.13.1080p.BluRay.x264-DEMO','filelist',113,'Film.13.1080p.BluRay.x264-DEMO',1000000000,1,1,0,1780000000.0,1780000000.0,0.4,NULL,1780000000.0,NULL,0.0);
CREATE TABLE wishes (
        film INTEGER NOT NULL REFERENCES films (id) ON DELETE CASCADE, list TEXT NOT NULL,
        wished_at REAL, seen_at REAL NOT NULL, missing_reads INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (list, film)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "wishes" VALUES(1,'letterboxd:someone',1780000000.0,1.79539884947083282469e+09,0);
INSERT INTO "wishes" VALUES(2,'letterboxd:someone',1780000000.0,1.79539884947083282469e+09,0);
INSERT INTO "wishes" VALUES(3,'letterboxd:someone',1780000000.0,1.79539884947083282469e+09,0);
INSERT INTO "wishes" VALUES(4,'letterboxd:someone',1780000000.0,1.79539884947083282469e+09,0);
INSERT INTO "wishes" VALUES(5,'letterboxd:someone',1780000000.0,1.79539884947083282469e+09,0);
INSERT INTO "wishes" VALUES(6,'letterboxd:someone',1780000000.0,1.79539884947083282469e+09,0);
INSERT INTO "wishes" VALUES(7,'letterboxd:someone',1780000000.0,1.79539884947083282469e+09,0);
INSERT INTO "wishes" VALUES(8,'letterboxd:someone',1780000000.0,1.79539884947083282469e+09,0);
INSERT INTO "wishes" VALUES(9,'letterboxd:someone',1780000000.0,1.79539884947083282469e+09,0);
INSERT INTO "wishes" VALUES(10,'letterboxd:someone',1780000000.0,1.79539884947083282469e+09,0);
INSERT INTO "wishes" VALUES(11,'letterboxd:someone',1780000000.0,1.79539884947083282469e+09,0);
INSERT INTO "wishes" VALUES(12,'letterboxd:someone',1780000000.0,1.79539884947083282469e+09,0);
INSERT INTO "wishes" VALUES(13,'letterboxd:someone',1780000000.0,1.79539884947083282469e+09,0);
INSERT INTO "wishes" VALUES(14,'letterboxd:someone',1780000000.0,1.79539884947083282469e+09,0);
INSERT INTO "wishes" VALUES(15,'letterboxd:someone',1780000000.0,1.79539884947083282469e+09,0);
CREATE INDEX films_due_new ON films (wish_order) WHERE status = 'due' AND searches = 0;
CREATE INDEX films_put_off ON films (not_before) WHERE status IN ('put_off', 'handing_over');
CREATE INDEX films_failed ON films (retry_after) WHERE status IN ('retrying', 'not_found');
CREATE INDEX films_claimed ON films (id) WHERE status = 'claimed';
CREATE INDEX films_queue ON films (queue, status);
CREATE INDEX films_plain ON films (id) WHERE details_at IS NULL;
CREATE INDEX names_film ON names (film);
CREATE INDEX wishes_film ON wishes (film);
CREATE UNIQUE INDEX transfers_current ON transfers (film) WHERE role = 'current';
CREATE UNIQUE INDEX transfers_intended ON transfers (film) WHERE role = 'intended';
CREATE INDEX transfers_hash ON transfers (info_hash);
CREATE INDEX decisions_film ON decisions (film, at);
CREATE INDEX history_film ON history (film, id);
CREATE INDEX calls_account ON calls (account, id);
CREATE TRIGGER films_added AFTER INSERT ON films BEGIN
        UPDATE faces SET version = version + 1 WHERE queue = NEW.queue; END;
CREATE TRIGGER films_changed AFTER UPDATE ON films BEGIN
        UPDATE faces SET version = version + 1 WHERE queue IN (OLD.queue, NEW.queue); END;
CREATE TRIGGER films_removed AFTER DELETE ON films BEGIN
        UPDATE faces SET version = version + 1 WHERE queue = OLD.queue; END;
CREATE INDEX films_slug ON films (slug);
CREATE INDEX films_title ON films (title COLLATE NOCASE);
CREATE INDEX films_upgrade ON films (upgrade_after) WHERE upgrade_after IS NOT NULL;
CREATE UNIQUE INDEX transfers_upgrade ON transfers (film) WHERE role = 'upgrade';
CREATE INDEX transfers_retiring ON transfers (id) WHERE role = 'retiring';
CREATE INDEX library_ids_name ON library_ids (name);
CREATE INDEX library_readings_loose ON library_readings (year, loose, words);
CREATE INDEX library_readings_tail ON library_readings (year, tail, loose, words);
CREATE INDEX films_left ON films (left_at) WHERE left_at IS NOT NULL;
CREATE INDEX films_due_again ON films (queued_at) WHERE status = 'due' AND searches > 0;
COMMIT;
PRAGMA user_version=4;

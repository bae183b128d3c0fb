import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CreateDataSourceDocument, type CreateDataSourceInput } from '@falaj/client';
import { sampleFile } from '../flight-replay.js';
import { need, type Stage } from '../journey.js';

/** Real data as a user would bring it: files in the landing folder, registered with zone, category and column classes. */
export const sources: Stage = {
  title: 'data sources',
  async run(journey) {
    const { client } = need(journey.actors, 'engineer');
    const folder = journey.label;
    mkdirSync(join(journey.landing, folder), { recursive: true });
    const land = (file: string) => {
      copyFileSync(sampleFile(file), join(journey.landing, folder, file));
      return `${folder}/${file}`;
    };
    const register = async (input: CreateDataSourceInput) => {
      const { createDataSource } = await client.data(CreateDataSourceDocument, { input });
      return need(createDataSource, 'dataSource');
    };
    const flights = await register({
      name: 'flights',
      format: 'JSON',
      path: land('flights-20k.json'),
      zone: 'AE',
      categories: ['none'],
    });
    const airports = await register({
      name: 'airports',
      format: 'CSV',
      path: land('airports.csv'),
      zone: 'AE',
      categories: ['none'],
      // The sample holds no personal data: this column stands in for one, to show what masking does.
      columnClasses: [{ column: 'name', fieldClass: 'pii' }],
    });
    journey.progress('3 million flights, Parquet');
    const history = await register({
      name: 'flights-3m',
      format: 'PARQUET',
      path: land('flights-3m.parquet'),
      zone: 'AE',
      categories: ['none'],
    });
    journey.ids.flights = flights.id;
    journey.ids.airports = airports.id;
    return `JSON ${flights.rows} flights, CSV ${airports.rows} airports, Parquet ${history.rows} flights; zone AE, 1 column tagged pii`;
  },
};

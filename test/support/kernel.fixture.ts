import { Body, Controller, Get, Module, Post, Query } from '@nestjs/common';
import { Fresh, Permissions, Public } from '../../src/platform/access/access.js';
import { Database } from '../../src/platform/database/database.js';
import { DomainEvent } from '../../src/platform/events/event.js';
import { Outbox } from '../../src/platform/events/outbox.js';
import { On, Subscriber } from '../../src/platform/events/subscribers.js';
import { Bool, Integer, ListOf, MoneyField, Nested, Text } from '../../src/platform/http/fields.js';
import { CachedPage } from '../../src/platform/http/page-cache.js';
import { Operation } from '../../src/platform/http/operation.js';
import { PageQuery } from '../../src/platform/http/page.js';
import { PlatformModule } from '../../src/platform/platform.module.js';

export class NoteTaken extends DomainEvent<{ text: string }> {
  static readonly type = 'fixture.note_taken';
}

class PartDto {
  @Text({ max: 5 })
  name: string;

  @MoneyField()
  price: { amount: number; currency: string };
}

class NoteDto {
  @Text({ max: 20 })
  text: string;

  @Integer({ min: 1, max: 9, optional: true, nullable: true })
  weight?: number | null;

  @ListOf(() => PartDto, { max: 3, optional: true })
  parts?: PartDto[];
}

class RangeDto {
  @Integer({ min: 0, max: 100, optional: true })
  gte?: number;
}

class NoteQuery extends PageQuery {
  @Bool({ optional: true })
  loud?: boolean;

  @Nested(() => RangeDto, { optional: true })
  weight?: RangeDto;
}

@Controller('v1/fixture/notes')
class FixtureController {
  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
  ) {}

  @Post()
  @Public()
  @Operation({
    id: 'takeNote',
    summary: 'Takes a note',
    description: 'Of the tests of the kernel alone.',
    answers: { 201: NoteDto },
    idempotency: 'accepted',
  })
  take(@Body() note: NoteDto): Promise<object> {
    return this.database.transaction(async () => {
      await this.database.execute('INSERT INTO fixture_notes (text) VALUES ($1)', [note.text]);
      this.outbox.record(new NoteTaken({ text: note.text }));
      if (note.text === 'fail') throw new Error('as the test wants');
      const [row] = await this.database.query<{ count: string }>('SELECT count(*) FROM fixture_notes');
      return { ...note, count: Number(row?.count) };
    });
  }

  @Get()
  @Public()
  @CachedPage()
  @Operation({
    id: 'listNotes',
    summary: 'Lists notes',
    description: 'Of the tests of the kernel alone.',
    answers: { 200: NoteDto },
    rawJson: true,
  })
  async list(@Query() query: NoteQuery): Promise<string> {
    const [row] = await this.database.query<{ count: string }>('SELECT count(*) FROM fixture_notes');
    return JSON.stringify({ ...query, count: Number(row?.count) });
  }
}

/** What the whole controller declares holds for each of its handlers. */
@Controller('v1/fixture/secrets')
@Permissions('account:self')
@Fresh()
class FreshController {
  @Get()
  @Operation({
    id: 'listSecrets',
    summary: 'Lists secrets',
    description: 'Of the tests of the kernel alone.',
    answers: { 200: NoteDto },
  })
  list(): object {
    return { text: 'secret' };
  }
}

/** Nobody who comes in public has a sign-in that could be fresh: a module that stops the boot. */
@Controller('v1/fixture/mistake')
@Fresh()
class MistakenController {
  @Get()
  @Public()
  @Operation({
    id: 'mistake',
    summary: 'Mistakes',
    description: 'Of the tests of the kernel alone.',
    answers: { 200: NoteDto },
  })
  list(): object {
    return { text: 'open' };
  }
}

@Module({ imports: [PlatformModule], controllers: [MistakenController] })
export class MistakenModule {}

@Subscriber()
class FixtureSubscriber {
  constructor(private readonly database: Database) {}

  @On(NoteTaken)
  async hear(event: NoteTaken): Promise<void> {
    await this.database.execute('INSERT INTO fixture_heard (text) VALUES ($1)', [event.payload.text]);
    if (event.payload.text === 'poison') throw new Error('cannot hear this');
  }
}

/** A module as small as one can be, to look at the kernel through the front door. */
@Module({
  imports: [PlatformModule],
  controllers: [FixtureController, FreshController],
  providers: [FixtureSubscriber],
})
export class FixtureModule {}

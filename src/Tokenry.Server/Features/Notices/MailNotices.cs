using Dapper;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Features.Notices;

/// <summary>
/// Mails notices: one mail for all that a person was not told of yet. A mail that the server does not take is tried again, with growing pauses. If the process
/// ends between mail and COMMIT, the person gets the mail twice.
/// </summary>
internal sealed partial class MailNotices(Database database, NoticeMail mail, TimeProvider time, ILogger<MailNotices> logger)
    : BackgroundService
{
    /// <summary>The most notices for one mail; it names the first and counts the rest.</summary>
    private const int MostOfMail = 1000;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>The pauses after the attempts. After the last the server gives up; the console still shows the notices.</summary>
    private static readonly TimeSpan[] Pauses =
    [
        TimeSpan.FromSeconds(10),
        TimeSpan.FromMinutes(5),
        TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(2),
        TimeSpan.FromHours(8),
        TimeSpan.FromHours(24),
    ];

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Repeat.EveryAsync(Interval, time, Repeat.UnlessStoreIsAway(() => SendAllAsync(stoppingToken), LogSkipped), stoppingToken);

    private async Task SendAllAsync(CancellationToken stopping)
    {
        while (await SendNextAsync(stopping)) { }
    }

    /// <summary>Sends one mail.</summary>
    /// <returns>Whether one was due.</returns>
    private async Task<bool> SendNextAsync(CancellationToken stopping)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var user = await database.ReadAsync(connection =>
            connection.QueryFirstOrDefaultAsync<string>(
                "SELECT user_id FROM notices WHERE mail_at <= @now ORDER BY mail_at LIMIT 1",
                new { now }
            )
        );
        if (user is null)
        {
            return false;
        }

        var (letter, notices) = await database.WriteAsync(tx => ClaimAsync(tx, user, now));
        if (notices.Count == 0)
        {
            return true; // another replica has them
        }

        try
        {
            if (letter is not null)
            {
                await mail.SendAsync(letter, stopping);
            }

            await database.WriteAsync(tx => NoticeStore.EndMailAsync(tx, notices));
        }
        catch (Exception exception) when (!stopping.IsCancellationRequested && exception is not StoreUnavailableException)
        {
            // The message may repeat the address, never the password.
            LogNotTaken(notices[0].MailAttempts, exception.Message);
            if (notices[0].MailAttempts >= Pauses.Length)
            {
                await database.WriteAsync(tx => NoticeStore.EndMailAsync(tx, notices));
            }

            return false;
        }

        return true;
    }

    /// <summary>Takes what is due for a user. Until the pause ends, no other replica takes it.</summary>
    /// <returns>The mail, if the user has an address; and the notices.</returns>
    private static async Task<(NoticeLetter? Letter, IReadOnlyList<NoticeRow> Notices)> ClaimAsync(
        WriteTransaction tx,
        string user,
        long now
    )
    {
        var (name, address, language) = await tx.FirstOrDefaultAsync<(string?, string?, string?)>(
            "SELECT name, email, language FROM principals WHERE id = @user AND enabled = 1 AND deleted_at IS NULL",
            new { user }
        );
        var due = await tx.QueryAsync<NoticeRow>(
            $"""
            UPDATE notices SET mail_attempts = mail_attempts + 1, mail_at = @now + {PauseSql}
            WHERE id IN (SELECT id FROM notices WHERE user_id = @user AND mail_at <= @now ORDER BY id LIMIT @MostOfMail{tx.Dialect.SkipLocked})
            RETURNING {NoticeRow.Columns}
            """,
            new
            {
                user,
                now,
                MostOfMail,
            }
        );
        NoticeRow[] notices = [.. due.OrderBy(notice => notice.Id, StringComparer.Ordinal)];
        if (address is null)
        {
            return (null, notices);
        }

        string[] organizations = [.. notices.Select(notice => notice.OrganizationId).OfType<string>().Distinct(StringComparer.Ordinal)];
        var letter = new NoticeLetter
        {
            Name = name ?? "",
            Address = address,
            Language = language,
            Notices = notices,
            Organizations = (await OrganizationStore.OfIdsAsync(tx, organizations)).ToDictionary(row => row.Id, row => row.Name),
        };
        return (letter, notices);
    }

    /// <summary>The pause by the number of attempts before, in milliseconds.</summary>
    private static string PauseSql =>
        $"CASE mail_attempts {string.Concat(Pauses.Select((pause, attempts) => $"WHEN {attempts} THEN {(long)pause.TotalMilliseconds} "))}ELSE {(long)Pauses[^1].TotalMilliseconds} END";

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "Notices were not mailed: {Reason}")]
    private partial void LogSkipped(string reason);

    [LoggerMessage(EventId = 2, Level = LogLevel.Warning, Message = "The mail server took no mail at attempt {Attempt}: {Reason}")]
    private partial void LogNotTaken(long attempt, string reason);
}

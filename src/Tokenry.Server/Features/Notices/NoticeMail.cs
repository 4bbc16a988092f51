using System.Security.Cryptography;
using System.Text;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Features.Notices;

/// <summary>Writes the mail that tells of notices and gives it to the mail server.</summary>
internal sealed class NoticeMail(MailOptions mail, TokenryOptions options)
{
    /// <summary>The most notices that a mail names; it counts the rest.</summary>
    private const int MostNamed = 20;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <param name="letter">What to write, and to whom.</param>
    /// <param name="stopping">Ends the attempt.</param>
    /// <exception cref="Exception">The mail server is away or took no mail: MailKit's exceptions and those of sockets and files.</exception>
    public async Task SendAsync(NoticeLetter letter, CancellationToken stopping)
    {
        using var message = Write(letter);
        using var client = new SmtpClient { Timeout = (int)Patience.TotalMilliseconds };
        await client.ConnectAsync(mail.Server, mail.Port, Security(mail.Security), stopping);
        if (mail.User is { } user)
        {
            await SignInAsync(client, user, stopping);
        }

        await client.SendAsync(message, stopping);
        await client.DisconnectAsync(quit: true, stopping);
    }

    private MimeMessage Write(NoticeLetter letter)
    {
        var (texts, notices) = (Languages.Chosen(letter.Language, mail.Language), letter.Notices);
        var message = new MimeMessage { Subject = texts.Count("mail.subject", notices.Count) };
        message.From.Add(new MailboxAddress("Tokenry", mail.From));
        message.To.Add(new MailboxAddress(letter.Name, letter.Address));
        // RFC 3834: no automatic answer is wanted.
        message.Headers.Add("Auto-Submitted", "auto-generated");
        var body = new StringBuilder();
        body.Append(texts["mail.greeting", ("name", letter.Name)]).Append("\n\n");
        foreach (var notice in notices.Take(MostNamed))
        {
            body.Append("- ")
                .Append(Line(notice, letter, texts))
                .Append("\n  ")
                .Append(options.Issuer)
                .Append(Address(notice))
                .Append('\n');
        }

        if (notices.Count > MostNamed)
        {
            body.Append("- ").Append(texts.Count("mail.more", notices.Count - MostNamed)).Append('\n');
        }

        body.Append('\n')
            .Append(texts["mail.all", ("address", options.Issuer + NoticePages.Path)])
            .Append('\n')
            .Append(texts["mail.why"])
            .Append('\n');
        message.Body = new TextPart("plain") { Text = body.ToString() };
        return message;
    }

    private static string Line(NoticeRow notice, NoticeLetter letter, Texts texts)
    {
        var at = texts.Moment(DateTimeOffset.FromUnixTimeMilliseconds(notice.At));
        var organization = notice.OrganizationId is { } id ? $", {letter.Organizations.GetValueOrDefault(id, id)}" : "";
        return $"{at}: {notice.Name} ({texts.Of("kind", notice.TargetType)}{organization}) "
            + $"{texts.Of("notice", notice.Kind)}{(notice.Reason is { } reason ? $": {reason}" : "")}";
    }

    /// <summary>The page of what the notice is about.</summary>
    internal static string Address(NoticeRow notice) => NoticePages.AddressOf(notice.TargetType, notice.TargetId);

    private async Task SignInAsync(SmtpClient client, string user, CancellationToken stopping)
    {
        var password = PinFile.Read(mail.PasswordFile!);
        try
        {
            await client.AuthenticateAsync(user, Encoding.UTF8.GetString(password), stopping);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(password);
        }
    }

    private static SecureSocketOptions Security(MailSecurity security) =>
        security switch
        {
            MailSecurity.Tls => SecureSocketOptions.SslOnConnect,
            MailSecurity.None => SecureSocketOptions.None,
            _ => SecureSocketOptions.StartTls,
        };
}

/// <summary>A mail to a person.</summary>
internal sealed record NoticeLetter
{
    public required string Name { get; init; }

    public required string Address { get; init; }

    /// <summary>The language that the person chose; <c>null</c> = none.</summary>
    public required string? Language { get; init; }

    /// <summary>What the person is told of, the oldest first.</summary>
    public required IReadOnlyList<NoticeRow> Notices { get; init; }

    /// <summary>The names of organizations by their ids.</summary>
    public required IReadOnlyDictionary<string, string> Organizations { get; init; }
}
